import type { z } from 'zod';

/** The configuration is wrong: says which variable, what is wrong with it and what to do. Never holds a value. */
export class ConfigError extends Error {
  readonly code = 'CONFIG_INVALID';
  readonly retriable = false;
  constructor(readonly problems: string[]) {
    super(
      `The configuration is not usable:\n${problems.map((line) => `  - ${line}`).join('\n')}\n` +
        'Set the variables named above (in the cluster they come from the catalogue and the secrets) and start again.',
    );
    this.name = 'ConfigError';
  }
}

/**
 * Reads the environment through a zod object schema. Empty variables count as unset. Unknown variables are ignored:
 * a container always carries some that are not ours.
 * @throws ConfigError naming every variable that is missing or wrong; values are never repeated, they may be secrets.
 */
export function parseEnv<S extends z.ZodType>(
  schema: S,
  env: Record<string, string | undefined> = process.env,
): z.infer<S> {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = schema.safeParse(present);
  if (result.success) return result.data;
  throw new ConfigError(
    result.error.issues.map((issue) => {
      const variable = issue.path.join('.') || '(environment)';
      return present[String(issue.path[0])] === undefined
        ? `${variable} is not set, and it is needed`
        : `${variable} is not valid: ${issue.message}`;
    }),
  );
}
