import type { Environment } from '@platform/infra/catalog/schema';
import { type Command, Option } from 'commander';

const environments: Environment[] = ['local', 'staging', 'production'];

export const addGatewayCommands = (program: Command) => {
  program
    .command('gateway')
    .description('What stands at the front door')
    .command('render')
    .description('Write the gateway of an environment as one file for a Kong without a database (kong.yml)')
    .addOption(new Option('-s, --stack <name>', 'environment').choices(environments).default('local'))
    .addOption(new Option('--format <name>', 'what to write').choices(['kong']).default('kong'))
    .option('--jwks <file>', 'keys that verify tokens; without them every token is refused')
    .action(({ stack, jwks }: { stack: Environment; jwks?: string }) => {
      // Loaded here, so that no other command waits for the catalogue's schema.
      const kong: typeof import('../kong') = require('../kong');
      process.stdout.write(kong.renderKong(stack, jwks));
    });
};
