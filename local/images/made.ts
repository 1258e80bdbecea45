import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { LocalError } from '../errors';
import { run } from '../exec';

interface Recipe {
  /** Everything the result depends on. */
  inputs(): string[];
  make(folder: string): Promise<void>;
}

/** What Kafka's broker and clients load; found by running them. The rest of the JDK stays out of the image. */
const modules = [
  ...[
    'java.base',
    'java.compiler',
    'java.desktop',
    'java.logging',
    'java.management',
    'java.management.rmi',
    'java.naming',
  ],
  ...[
    'java.security.jgss',
    'java.security.sasl',
    'java.sql',
    'java.xml',
    'jdk.crypto.ec',
    'jdk.management',
    'jdk.unsupported',
  ],
];

/** One spelling for both JVM runs: an archive is only accepted by a JVM with the same options and class path. */
const baseOptions = (jars: string[]) =>
  [
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-Djava.awt.headless=true',
    '-Djava.security.egd=file:/dev/./urandom',
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-Dorg.slf4j.simpleLogger.log.kafka.server=info',
    '-Dorg.slf4j.simpleLogger.logFile=System.out',
    '-cp',
    ['/opt/kafka/platform-kafka.jar', ...jars.map((jar) => `/opt/kafka/libs/${jar}`)].join(':'),
  ].join('\n');

const javaHome = () => {
  for (const folder of (process.env.PATH ?? '').split(':')) {
    if (!existsSync(join(folder, 'java'))) continue;
    const home = dirname(dirname(realpathSync(join(folder, 'java'))));
    if (existsSync(join(home, 'jmods')) && existsSync(join(home, 'bin', 'javac'))) return home;
  }
  throw new LocalError('The Kafka image needs a JDK, and none is on PATH', {
    hint: 'Install one with: apt-get install openjdk-17-jdk-headless',
  });
};

const recipes = (
  own: string,
  tools: { kafka?: string },
): Record<'pause' | 'jre' | 'kafka-helpers', Recipe> => {
  const javaSources = () =>
    readdirSync(own)
      .filter((name) => name.endsWith('.java'))
      .sort();
  const jars = () =>
    readdirSync(join(tools.kafka!, 'libs'))
      .filter((name) => name.endsWith('.jar'))
      .sort();
  return {
    pause: {
      inputs: () => [readFileSync(join(own, 'pause.c'), 'utf8')],
      make: async (folder) => {
        const options = ['-Os', '-static', '-s', '-Wall', '-Werror', '-Wl,--build-id=none'];
        await run('cc', [...options, '-o', join(folder, 'pause'), join(own, 'pause.c')], {
          hint: 'Install a C compiler with: apt-get install gcc libc6-dev',
        });
      },
    },
    jre: {
      inputs: () => [readFileSync(join(javaHome(), 'release'), 'utf8'), ...modules],
      make: async (folder) => {
        const home = javaHome();
        const options = ['--no-header-files', '--no-man-pages', '--strip-debug', '--vm', 'server'];
        await run(join(home, 'bin', 'jlink'), [
          ...options,
          '--add-modules',
          modules.join(','),
          '--output',
          join(folder, 'jre'),
        ]);
        // The image's own archive takes the place of the default one, which jlink does not carry over.
        cpSync(join(folder, 'jre'), folder, { recursive: true });
        rmSync(join(folder, 'jre'), { recursive: true });
        rmSync(join(folder, 'legal'), { recursive: true, force: true });
      },
    },
    'kafka-helpers': {
      inputs: () => [
        readFileSync(join(javaHome(), 'release'), 'utf8'),
        ...javaSources().map((name) => readFileSync(join(own, name), 'utf8')),
        baseOptions(jars()),
      ],
      make: async (folder) => {
        const home = javaHome();
        const classes = join(folder, 'classes');
        const path = jars()
          .map((jar) => join(tools.kafka!, 'libs', jar))
          .join(':');
        const sources = javaSources().map((name) => join(own, name));
        await run(join(home, 'bin', 'javac'), [
          '--release',
          '17',
          '-nowarn',
          '-proc:none',
          '-cp',
          path,
          '-d',
          classes,
          ...sources,
        ]);
        // A fixed date: the same classes give the same file.
        const jar = [
          '--create',
          '--file',
          join(folder, 'platform-kafka.jar'),
          '--date',
          '2000-01-01T00:00:00Z',
        ];
        await run(join(home, 'bin', 'jar'), [...jar, '--no-manifest', '-C', classes, '.']);
        rmSync(classes, { recursive: true });
        writeFileSync(join(folder, 'base.options'), `${baseOptions(jars())}\n`);
        writeFileSync(
          join(folder, 'archive.options'),
          `${baseOptions(jars())}\n-Xshare:auto\n-XX:SharedArchiveFile=/opt/kafka/kafka.jsa\n`,
        );
      },
    },
  };
};

/** Makes small things that are in no package, once per set of inputs. The folder appears complete or not at all. */
export const maker =
  (cache: string, own: string, tools: { kafka?: string }) =>
  async (name: 'pause' | 'jre' | 'kafka-helpers'): Promise<string> => {
    const recipe = recipes(own, tools)[name];
    const key = createHash('sha256')
      .update(recipe.inputs().join('\0'))
      .update(recipe.make.toString())
      .digest('hex')
      .slice(0, 16);
    const folder = join(cache, `${name}-${key}`);
    const product = name === 'pause' ? join(folder, 'pause') : folder;
    if (existsSync(folder)) return product;
    const making = `${folder}.${process.pid}`;
    rmSync(making, { recursive: true, force: true });
    mkdirSync(making, { recursive: true });
    try {
      await recipe.make(making);
      if (!existsSync(folder)) renameSync(making, folder);
    } finally {
      rmSync(making, { recursive: true, force: true });
    }
    return product;
  };
