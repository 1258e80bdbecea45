// Secrets live in Secrets: anybody who may read a workload or a ConfigMap may read what stands in it.
import { listSetting, type ResourceRule } from '../rule';
import { containerName, eachContainer, isOf, ownsPods } from '../workloads';
import { isHarmless, namesSecret, secretIn, secretSettings } from './secret-text';

const secrets = {
  scope: 'resource',
  item: 'data/secrets-management',
  severity: 'critical',
  level: 'mandatory',
  settings: {
    harmlessNames: {
      type: 'array',
      items: { type: 'string' },
      description: 'names that sound like a secret and are none',
    },
  },
} as const;

const noSecretInEnv: ResourceRule = {
  ...secrets,
  name: 'no-secret-in-env',
  description: 'No secret stands in plain text in an environment variable or an argument.',
  fix: 'keep the value in a Secret and refer to it with valueFrom.secretKeyRef, or mount it as a file',
  matches: ownsPods,
  validate(resource, report, settings) {
    const harmless = listSetting(settings, 'harmlessNames', []);
    eachContainer(resource, report, (container) => {
      for (const variable of container.at('env').items) {
        report.guard(() => {
          const name = variable.at('name').text ?? '';
          const at = variable.at('value');
          // The value may be unknown where the name alone already says that it should not be here.
          if (!harmless.includes(name) && namesSecret(name) && (at.unknown || !isHarmless(at.text ?? ''))) {
            report.violation(
              at,
              `variable ${name} of container ${containerName(container)} holds a secret in plain text`,
            );
            return;
          }
          const what = secretIn(at.text ?? '');
          if (what) {
            report.violation(
              at,
              `variable ${name} of container ${containerName(container)} holds ${what} in plain text`,
            );
          }
        });
      }
      for (const list of ['command', 'args']) {
        for (const argument of container.at(list).items) {
          report.guard(() => {
            const what = secretIn(argument.text ?? '');
            if (what)
              report.violation(argument, `container ${containerName(container)} is started with ${what}`);
          });
        }
      }
    });
  },
};

const noSecretInConfigMap: ResourceRule = {
  ...secrets,
  name: 'no-secret-in-config-map',
  description: 'No secret stands in a ConfigMap.',
  fix: 'move the value to a Secret and mount or reference that; settings files can read it from an environment variable or a file',
  matches: (resource) => isOf(resource, 'core', 'ConfigMap'),
  validate(resource, report, settings) {
    const harmless = listSetting(settings, 'harmlessNames', []);
    for (const [key, at] of resource.props.at('data').entries) {
      report.guard(() => {
        const text = at.text ?? '';
        const settingsFound = secretSettings(text).filter((name) => !harmless.includes(name));
        const what = secretIn(text);
        const oneLine = !text.trim().includes('\n');
        if (!harmless.includes(key) && namesSecret(key) && oneLine && !isHarmless(text)) {
          report.violation(at, `key ${key} holds a secret`);
        } else if (what) report.violation(at, `key ${key} holds ${what}`);
        else if (settingsFound.length > 0)
          report.violation(at, `key ${key} sets ${settingsFound.join(', ')} in plain text`);
      });
    }
  },
};

export const secretRules = [noSecretInEnv, noSecretInConfigMap];
