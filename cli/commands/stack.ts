import { writeFileSync } from 'node:fs';
import { plainProgress } from '@platform/local/progress';
import { type Command, Option } from 'commander';
import { Customer } from '../customer';
import { chooseEngine, type Operation } from '../engines';
import { bringUp, finishLate, previewStack, takeDown } from '../platform';
import { type Format, format, formats } from '../preview/format';
import { driftSummary, type PreviewOptions, previewSummary } from '../preview/run';
import { resolveTarget, type TargetOptions } from '../target';

type Options = TargetOptions & Operation;

const collect = (value: string, all: string[] = []) => [...all, value];

export const targetOptions = (command: Command): Command =>
  command
    .option('-s, --stack <name>', 'environment: local, staging or production', 'local')
    .option('--profile <name>', 'embedded cluster to use, each with its own data', 'default')
    .option('--context <name>', 'context of your own kubeconfig instead of the embedded cluster')
    .option('--registry <host/path>', 'registry that holds the images, for --context')
    .option('--image-tag <tag>', 'exact tag of the images, for --context')
    .addOption(
      new Option('--engine <which>', 'pulumi CLI, or the engine of this project')
        .choices(['auto', 'cli', 'embedded'])
        .default('auto'),
    );

const operationOptions = (command: Command): Command =>
  targetOptions(command)
    .option('--policy-pack <dir>', 'a further policy pack (repeatable)', collect)
    .option('--target <urn>', 'only this resource (repeatable)', collect)
    .option('--expect-no-changes', 'fail if anything would change')
    .option('--json', 'one JSON document on stdout');

const operationOf = ({ json, expectNoChanges, target }: Options): Operation => ({
  json,
  expectNoChanges,
  target,
});

const shopIsOpen = (address: string) => `
The shop is open: ${address}
  products        ${address}/v1/products
  API pages       ${address}/docs/product (and user, cart, order, payment, shipping, inventory, notification)
  a purchase      npx platform purchase
  the cluster     npx platform kubectl -- get pods -A
`;

export const addStackCommands = (program: Command) => {
  operationOptions(
    program
      .command('up')
      .description('Bring a stack to what the program says; on this machine with a cluster of its own'),
  )
    .option('--front-door-port <port>', 'loopback port of the shop (embedded cluster)', Number)
    .action(async (options: Options & { frontDoorPort?: number }) => {
      const { exitCode, address, unfinished } = await bringUp(
        options,
        operationOf(options),
        plainProgress,
        options.frontDoorPort,
      );
      process.exitCode = exitCode;
      if (!address) return;
      if (!options.json) process.stdout.write(shopIsOpen(address));
      if (unfinished) process.exitCode = await finishLate(options, operationOf(options), plainProgress);
    });

  operationOptions(
    program.command('preview').description('Show what up would change, judged by the policies'),
  )
    .option('--all', 'every environment in one summary')
    .option('--base <revision>', 'compare with the program at a git revision; needs no cluster and no state')
    .addOption(new Option('--format <format>', 'a summary for people who review').choices(formats))
    .option('--out <file>', 'write the summary there instead of to stdout')
    .action(async (options: Options & PreviewOptions & { format?: Format; out?: string }) => {
      const { all, base, out, format: as = 'text' } = options;
      if (!all && base === undefined && !options.format && !out) {
        process.exitCode = await previewStack(options, operationOf(options), plainProgress);
        return;
      }
      const { summary, exitCode } = await previewSummary(options, plainProgress);
      const text = format(summary, as);
      if (out) writeFileSync(out, text);
      else process.stdout.write(text);
      process.exitCode = exitCode;
    });

  targetOptions(
    program
      .command('drift')
      .description('Say what somebody changed in the cluster past this program; ends with 7 if anything'),
  )
    .addOption(new Option('--format <format>', 'how it is said').choices(formats).default('text'))
    .option('--out <file>', 'write it there instead of to stdout')
    .action(async (options: Options & { format: Format; out?: string }) => {
      const { summary, exitCode } = await driftSummary(options, plainProgress);
      const text = format(summary, options.format);
      if (options.out) writeFileSync(options.out, text);
      else process.stdout.write(text);
      process.exitCode = exitCode;
    });

  operationOptions(
    program
      .command('down')
      .description('Remove everything of a stack, and the embedded cluster with its data'),
  )
    .option('--keep-cluster', 'leave the embedded cluster running, empty')
    .action(async (options: Options & { keepCluster?: boolean }) => {
      process.exitCode = await takeDown(
        options,
        operationOf(options),
        options.keepCluster ?? false,
        plainProgress,
      );
    });

  const state = program.command('state').description('The recorded state of a stack');
  targetOptions(
    state.command('export').description('Print it as a Pulumi deployment, secrets encrypted'),
  ).action(async (options: Options) => {
    const engine = await chooseEngine(options.engine);
    process.stdout.write(`${JSON.stringify(await engine.exportState(resolveTarget(options)), null, 2)}\n`);
  });

  program
    .command('purchase')
    .description('Register, look at products, order and pay through the front door')
    .option('--address <url>', 'front door of the shop', 'http://127.0.0.1:8080')
    .option('--payment-method <token>', 'test card of the payment gateway', 'pm_card_visa')
    .action(async (options: { address: string; paymentMethod: string }) => {
      const say = (line: string) => process.stdout.write(`${line}\n`);
      const customer = new Customer(options.address);
      await customer.register();
      say(`registered  ${customer.email}`);
      const product = (await customer.products('?limit=20')).find((candidate) => candidate.available > 0);
      if (!product) throw new Error('No product on the first page is in stock');
      say(
        `chose       ${product.name} at ${(product.price.amount / 100).toFixed(2)} ${product.price.currency}`,
      );
      const order = await customer.placeOrder(
        [{ productId: product.id, quantity: 1 }],
        options.paymentMethod,
      );
      say(`ordered     ${order.id}`);
      const settled = await customer.settled(order.id);
      say(`${settled.status.padEnd(11)} ${settled.paymentId ?? settled.cancellationReason ?? ''}`);
    });
};
