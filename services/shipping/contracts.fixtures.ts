// Exchanges with carriers judged by the contracts the carriers publish: what a request sends and what an answer holds. Unlike a
// validator alone, a field the contract does not name is a mistake too, for a misspelt one is just ignored by the carrier.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Send, send } from '@platform/libs/resilience';
import Ajv from 'ajv';
import { parseDocument } from 'yaml';

/** Contracts stand beside the checkout, not in it: CONTRACTS_DIR, or this folder. */
const contractsDir = process.env.CONTRACTS_DIR ?? resolve(__dirname, '../../../shared/contracts');

/** `it`, or `it.skip` with a line on stderr where the contracts of that publisher are missing. */
export const itWithContracts = (publisher: string): jest.It => {
  if (existsSync(join(contractsDir, publisher))) return it;
  process.stderr.write(`SKIPPED: needs ${join(contractsDir, publisher)} (or CONTRACTS_DIR)\n`);
  return it.skip;
};

export interface Exchange {
  method: string;
  /** With query. */
  path: string;
  headers: Record<string, string>;
  /** JSON, or a form's fields. */
  body: unknown;
  status: number;
  answer: unknown;
}

const asJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Also notes what was said. */
export const recording =
  (exchanges: Exchange[]): Send =>
  async (url, request) => {
    const { method, body } = request;
    const headers = Object.fromEntries(new Headers(request.headers));
    const answer = await send(url, request);
    exchanges.push({
      ...{ method, path: `${url.pathname}${url.search}`, headers },
      body: headers['content-type']?.includes('form-urlencoded')
        ? Object.fromEntries(new URLSearchParams(body))
        : body && JSON.parse(body),
      ...{ status: answer.status, answer: asJson(answer.body) },
    });
    return answer;
  };

// biome-ignore lint/suspicious/noExplicitAny: OpenAPI documents and JSON schemas, walked by their keywords
type Any = any;

interface Contract {
  file: string;
  /** Where its paths stand below the host. */
  base?: string;
}

/** What each carrier publishes. */
const CONTRACTS: Record<string, Contract[]> = {
  fedex: [{ file: 'rate-api.json' }, { file: 'ship-api.json' }, { file: 'track.json' }],
  ups: [
    { file: 'OAuthClientCredentials.yaml' },
    { file: 'Rating.yaml', base: '/api' },
    { file: 'Shipping.yaml', base: '/api' },
    { file: 'Tracking.yaml', base: '/api' },
  ],
  dhl: [{ file: 'express-api-3.1.1.yaml', base: '/mydhlapi' }],
  usps: [
    { file: 'domestic-prices.yaml', base: '/prices/v3' },
    { file: 'domestic-labels.yaml', base: '/labels/v3' },
    { file: 'tracking.yaml', base: '/tracking/v3' },
  ],
};

/** Requests the publishers' files do not cover. */
const WITHOUT_CONTRACT = new Set([
  'POST /oauth/token',
  'POST /oauth2/v3/token',
  'POST /payments/v3/payment-authorization',
]);

/** Where a contract contradicts itself or the carrier's own examples, with the reason. */
const ERRATA: Record<string, string> = {
  'body/RateRequest/Request: RequestOption is not named': 'required there, but its schema was left out',
  "body/LabelRecoveryRequest: must have required property 'TrackingNumbers'":
    'only for Roadie shipments, says its own description, and not beside a reference',
  'body/LabelRecoveryRequest/LabelSpecification/LabelImageFormat/Code: must NOT have fewer than 4 characters':
    'its own valid values are GIF, PDF, ZPL, EPL and SPL',
};

/** A bound that is itself excluded was said by a flag before OpenAPI 3.1. */
const withoutFlags = (name: string, value: unknown) =>
  /^exclusiveM(in|ax)imum$/.test(name) && typeof value === 'boolean' ? undefined : value;

/** Lenient: two of the files have tabs where YAML has none, and one ends in the middle of an unused example. */
const load = (publisher: string, file: string): Any => {
  const text = readFileSync(join(contractsDir, publisher, file), 'utf8');
  const document = file.endsWith('.json')
    ? text
    : JSON.stringify(
        parseDocument(text.replaceAll('\t', '  '), { uniqueKeys: false, prettyErrors: false }).toJS({
          maxAliasCount: -1,
        }),
      );
  return JSON.parse(document, withoutFlags);
};

const lookUp = (document: Any, schema: Any): Any => {
  let found = schema ?? {};
  for (let depth = 0; found.$ref && depth < 20; depth++) {
    found = found.$ref
      .slice(2)
      .split('/')
      .reduce((at: Any, key: string) => at?.[key.replaceAll('~1', '/').replaceAll('~0', '~')], document);
  }
  return found ?? {};
};

/** All properties a schema names, whichever way; undefined where it takes anything. */
const namedBy = (document: Any, schema: Any): Map<string, Any[]> | undefined => {
  const named = new Map<string, Any[]>();
  const collect = (one: Any) => {
    const { properties = {}, allOf = [], oneOf = [], anyOf = [] } = lookUp(document, one);
    for (const [name, each] of Object.entries(properties))
      named.set(name, [...(named.get(name) ?? []), each]);
    for (const part of [...allOf, ...oneOf, ...anyOf]) collect(part);
  };
  collect(schema);
  return named.size > 0 ? named : undefined;
};

const unnamed = (document: Any, schemas: Any[], value: Any, path: string): string[] => {
  if (Array.isArray(value)) {
    const items = schemas.flatMap((schema) => {
      const { items: own, allOf = [] } = lookUp(document, schema);
      return [own, ...allOf.map((part: Any) => lookUp(document, part).items)].filter(Boolean);
    });
    return items.length === 0
      ? []
      : value.flatMap((each, i) => unnamed(document, items, each, `${path}/${i}`));
  }
  if (typeof value !== 'object' || value === null) return [];
  const named = namedBy(document, { anyOf: schemas });
  if (!named) return [];
  return Object.entries(value).flatMap(([name, each]) => {
    const known = named.get(name);
    if (!known) return [`${path}: ${name} is not named`];
    return unnamed(document, known, each, `${path}/${name}`);
  });
};

const segments = (path: string) => path.split('?')[0]!.split('/').filter(Boolean);
const fits = (template: string, path: string): boolean => {
  const [wanted, given] = [segments(template), segments(path)];
  return (
    wanted.length === given.length && wanted.every((part, i) => part.startsWith('{') || part === given[i])
  );
};

export interface Judgement {
  /** 'POST /rating/{version}/{requestoption}' */
  operation: string;
  problems: string[];
}

/** Judges exchanges with one carrier. */
export const judgeOf = (publisher: string): ((exchange: Exchange) => Judgement) => {
  const contracts = CONTRACTS[publisher]!.map(({ file, base = '' }) => {
    const document = load(publisher, file);
    const ajv = new Ajv({
      strict: false,
      allErrors: true,
      unicodeRegExp: false,
      logger: false,
    });
    // One contract tells a day from a moment by nothing else.
    ajv.addFormat('date', /^\d{4}-\d\d-\d\d$/);
    ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/);
    ajv.addSchema(document, 'contract');
    return { document, base, ajv };
  });

  /** FedEx lists its schema and then examples of it as alternatives: the schema is the first. */
  const schemaIn = (document: Any, content: Any): Any => {
    const type = Object.keys(content ?? {}).find((one) => /json|form-urlencoded/.test(one));
    const schema = type === undefined ? undefined : content[type].schema;
    const { oneOf } = lookUp(document, schema);
    return publisher === 'fedex' && oneOf ? oneOf[0] : schema;
  };

  const check = (
    contract: (typeof contracts)[number],
    schema: Any,
    value: unknown,
    part: string,
  ): string[] => {
    const { document, ajv } = contract;
    const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"contract#/'));
    const validate = ajv.compile(absolute);
    const wrong = validate(value) ? [] : (validate.errors ?? []);
    return [
      ...wrong.map(({ instancePath, message }) => `${part}${instancePath}: ${message}`),
      ...unnamed(document, [schema], value, part),
    ];
  };

  return ({ method, path, headers, body, status, answer }) => {
    for (const contract of contracts) {
      const { document, base } = contract;
      const template = Object.keys(document.paths).find(
        (one) => document.paths[one][method.toLowerCase()] && fits(`${base}${one}`, path),
      );
      if (!template) continue;
      const operation = document.paths[template][method.toLowerCase()];
      const parameters: Any[] = [
        ...(document.paths[template].parameters ?? []),
        ...(operation.parameters ?? []),
      ].map((one) => lookUp(document, one));
      const query = [...new URL(path, 'http://carrier').searchParams.keys()];
      const asked = schemaIn(document, lookUp(document, operation.requestBody).content);
      const told = schemaIn(document, lookUp(document, operation.responses[String(status)]).content);
      const problems = [
        ...parameters
          .filter(
            ({ in: where, required, name }) => where === 'header' && required && !headers[name.toLowerCase()],
          )
          .filter(({ name }) => name.toLowerCase() !== 'content-type')
          .map(({ name }) => `header ${name} is missing`),
        ...query
          .filter((name) => !parameters.some((one) => one.in === 'query' && one.name === name))
          .map((name) => `query ${name} is not named`),
        ...(body !== undefined && asked ? check(contract, asked, body, 'body') : []),
        ...(body !== undefined && !asked ? ['a body where there is none'] : []),
        ...(told ? check(contract, told, answer, `answer ${status}`) : []),
        ...(operation.responses[String(status)] || status >= 400 ? [] : [`there is no answer ${status}`]),
      ];
      return {
        operation: `${method} ${template}`,
        problems: problems.filter((problem) => !Object.hasOwn(ERRATA, problem)),
      };
    }
    const operation = `${method} ${path.split('?')[0]}`;
    return { operation, problems: WITHOUT_CONTRACT.has(operation) ? [] : ['there is no contract for this'] };
  };
};
