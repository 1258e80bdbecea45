import { LocalError } from '@platform/local/errors';
import { describeError } from './report';
import { add, countsOfJest } from './suites';

describe('the counting of tests', () => {
  const result = {
    numPassedTests: 5,
    numFailedTests: 0,
    numPendingTests: 2,
    numTodoTests: 1,
    numRuntimeErrorTestSuites: 0,
  };

  it('counts what was skipped, so that nothing is left out in silence', () => {
    expect(countsOfJest(result)).toEqual({ passed: 5, failed: 0, skipped: 3 });
  });

  it('counts a file that could not be loaded as a failure', () => {
    expect(countsOfJest({ ...result, numRuntimeErrorTestSuites: 2 }).failed).toBe(2);
  });

  it('adds suites up', () => {
    expect(add({ passed: 1, failed: 2, skipped: 3 }, { passed: 10, failed: 20, skipped: 30 })).toEqual({
      passed: 11,
      failed: 22,
      skipped: 33,
    });
  });
});

describe('an error on the command line', () => {
  it('says what was wrong and what to do, without a stack', () => {
    const told = describeError(
      new LocalError('port 8080 is taken', { hint: 'use --front-door-port', retriable: true }),
    );
    expect(told).toContain('port 8080 is taken (the same command may succeed later)');
    expect(told).toContain('→ use --front-door-port');
    expect(told).not.toContain('at ');
  });
});
