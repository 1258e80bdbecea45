import { toProblem } from './to-problem';

const failure = (fields: object) => Object.assign(new Error('key sk_test_1 is wrong'), fields);

describe('an error on its way out', () => {
  it.each([
    ['of reading the request is the caller’s', failure({ status: 400, expose: true }), 400],
    ['of a server we asked is ours, whatever its status', failure({ status: 404 }), 500],
    ['of a text PostgreSQL cannot hold is the caller’s', failure({ code: '22021' }), 400],
    ['of a text in JSON that PostgreSQL cannot hold too', failure({ code: '22P05' }), 400],
    ['that may pass asks to come again', failure({ retriable: true }), 503],
    ['that nobody foresaw is ours', failure({}), 500],
    ['that is no error at all too', 'oops', 500],
  ])('%s', (_, error, status) => {
    const problem = toProblem(error);
    expect(problem.status).toBe(status);
    expect(JSON.stringify(problem)).not.toContain('sk_test_1');
  });
});
