import { render } from './stack';

jest.setTimeout(180_000);

test.each([
  ['an unknown setting', 'ecommerce-platform:imageTags', '1.0.0', /imageTags: there is no such setting/],
  [
    'an environment that is none',
    'ecommerce-platform:environment',
    'prod',
    /must be local, staging, production/,
  ],
  ['a tag that moves', 'ecommerce-platform:imageTag', 'latest', /an exact tag, never latest/],
])('refuses %s before anything is declared, and says what to do', async (_title, key, value, message) => {
  const stack = await render('staging', { config: { [key]: value }, policies: false });
  expect(stack.result.exitCode).not.toBe(0);
  expect(stack.errors().join('\n')).toMatch(message);
  expect(stack.all('Namespace')).toEqual([]);
});

test('an image that nobody named is an error that says where to name it', async () => {
  const stack = await render('local', { config: { 'ecommerce-platform:images': '{}' }, policies: false });
  expect(stack.result.exitCode).not.toBe(0);
  expect(stack.errors().join('\n')).toMatch(/images: has no "postgres"; .*registry and .*imageTag/);
});
