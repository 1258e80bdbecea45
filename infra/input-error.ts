import { RunError } from '@pulumi/pulumi';

/** Something a person wrote (a setting, a catalogue file) cannot be used. Told without a stack trace: it is not the program's fault. */
export class InputError extends RunError {}
