import { withoutProse } from './addons';

it('a definition loses its prose, and no property that is called description', () => {
  const schema = {
    description: 'An address.',
    properties: { description: { type: 'string', description: 'Free text.' }, port: { type: 'integer' } },
    required: ['description'],
  };
  expect(withoutProse(schema)).toEqual({
    properties: { description: { type: 'string' }, port: { type: 'integer' } },
    required: ['description'],
  });
});
