import { LocalError } from '@platform/local/errors';
import { plainProgress } from '@platform/local/progress';
import { type Command, Option } from 'commander';
import { allFacts, explainText, factsOf, findRule, listText } from '../../policies/explain';
import { markdown, reportOf } from '../../policies/report';
import { judgeStack } from '../platform';

const print = (text: string) => process.stdout.write(`${text}\n`);
const json = (value: unknown) => print(JSON.stringify(value, null, 2));

export const addPolicyCommands = (program: Command) => {
  const policy = program
    .command('policy')
    .description('The rules, and the evidence for the security checklist');

  policy
    .command('list')
    .description('Every rule with severity, checklist item and its level in each environment')
    .option('--json', 'one JSON document on stdout')
    .action((options: { json?: boolean }) => {
      if (options.json) json(allFacts());
      else print(listText(allFacts()));
    });

  policy
    .command('explain')
    .argument('<rule>', 'name of the rule, as a violation says it')
    .description('One rule in full: why, how to put it right, what may be set')
    .option('--json', 'one JSON document on stdout')
    .action((name: string, options: { json?: boolean }) => {
      const { rule, similar } = findRule(name);
      if (!rule) {
        throw new LocalError(`There is no rule "${name}"`, {
          hint: similar.length
            ? `Do you mean ${similar.join(', ')}?`
            : 'platform policy list names them all.',
        });
      }
      const facts = factsOf(rule);
      if (options.json) json(facts);
      else print(explainText(facts));
    });

  policy
    .command('report')
    .description('The 25 items with rules, tests and documents; with a stack also the verdicts on it')
    .option('-s, --stack <name>', 'preview this stack and report what the rules say of it')
    .addOption(new Option('--format <format>', 'form').choices(['markdown', 'json']).default('markdown'))
    .action(async (options: { stack?: string; format: 'markdown' | 'json' }) => {
      const report = reportOf(options.stack ? await judgeStack(options.stack, plainProgress) : undefined);
      if (options.format === 'json') json(report);
      else process.stdout.write(markdown(report));
    });
};
