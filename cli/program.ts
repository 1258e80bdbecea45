import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { addBenchCommand } from './commands/bench';
import { addCiCommands } from './commands/ci';
import { addClusterCommands } from './commands/cluster';
import { addDoctorCommand } from './commands/doctor';
import { addEventCommands } from './commands/events';
import { addGatewayCommands } from './commands/gateway';
import { addImagesCommand } from './commands/images';
import { addMigrateCommand } from './commands/migrate';
import { addPaymentCommands } from './commands/payments';
import { addPolicyCommands } from './commands/policy';
import { addSearchCommands } from './commands/search';
import { addSecretCommands } from './commands/secrets';
import { addStackCommands } from './commands/stack';
import { addTestCommand } from './commands/test';
import { projectDir } from './target';

/** The whole command line, so that it can also be looked into without being run. */
export const createProgram = (): Command => {
  const program = new Command('platform')
    .description('Brings up, changes, guards and rolls back the e-commerce platform')
    .version(JSON.parse(readFileSync(join(projectDir, 'package.json'), 'utf8')).version)
    .showHelpAfterError('(add --help for the options)')
    .enablePositionalOptions();
  addStackCommands(program);
  addSecretCommands(program);
  addClusterCommands(program);
  addImagesCommand(program);
  addGatewayCommands(program);
  addEventCommands(program);
  addMigrateCommand(program);
  addSearchCommands(program);
  addPaymentCommands(program);
  addDoctorCommand(program);
  addPolicyCommands(program);
  addTestCommand(program);
  addBenchCommand(program);
  addCiCommands(program);
  return program;
};
