import { createProgram } from './program';
import { report } from './report';

createProgram().parseAsync().catch(report);
