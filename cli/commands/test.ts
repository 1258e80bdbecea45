import { plainProgress } from '@platform/local/progress';
import { type Command, InvalidArgumentError } from 'commander';
import { runSuites, type SuiteName, suiteNames, testShop } from '../suites';

const parseSuite = (name: string, previous: SuiteName[] = []): SuiteName[] => {
  if (!suiteNames.includes(name as SuiteName))
    throw new InvalidArgumentError(`Use one of ${suiteNames.join(', ')}.`);
  return [...previous, name as SuiteName];
};

export const addTestCommand = (program: Command) => {
  program
    .command('test')
    .description(`Run the test suites (${suiteNames.join(', ')}), or those named`)
    .argument('[suites...]', 'suites to run', parseSuite)
    .option('-t, --pattern <regex>', 'only tests whose file path matches')
    .option('--address <url>', 'instead: only the tests through the front door, of a shop that runs already')
    .action(async (suites: SuiteName[], { pattern, address }: { pattern?: string; address?: string }) => {
      const total = address
        ? await testShop(address)
        : await runSuites(suites.length ? suites : [...suiteNames], plainProgress, pattern);
      process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
      process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
    });
};
