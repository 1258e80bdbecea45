import { Command } from 'commander';
import { addBenchCommand } from './commands/bench';
import { addClusterCommands } from './commands/cluster';
import { addDoctorCommand } from './commands/doctor';
import { addImagesCommand } from './commands/images';
import { addStackCommands } from './commands/stack';
import { addTestCommand } from './commands/test';
import { report } from './report';

const program = new Command('platform')
  .description('Brings up, changes, guards and rolls back the e-commerce platform')
  .showHelpAfterError('(add --help for the options)')
  .enablePositionalOptions();

addStackCommands(program);
addClusterCommands(program);
addImagesCommand(program);
addDoctorCommand(program);
addTestCommand(program);
addBenchCommand(program);

program.parseAsync().catch(report);
