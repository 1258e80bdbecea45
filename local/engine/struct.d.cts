export function quickenStructs(module: { Struct: unknown }): void;
