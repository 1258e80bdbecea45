// Judges what goes between an adapter and its sandbox by the contract its gateway has published. For tests only.
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import Ajv, { type ValidateFunction } from 'ajv/dist/2019';

/** What others publish stands beside the checkout, not in it. */
const folder = process.env.CONTRACTS_DIR ?? resolve(__dirname, '../../..', 'shared', 'contracts');

export const contract = (...path: string[]) => JSON.parse(readFileSync(join(folder, ...path), 'utf8'));

/** `it`, or `it.skip` with a line on stderr where the contracts of that publisher are missing. */
export const itWithContracts = (publisher: string): jest.It => {
  if (existsSync(join(folder, publisher))) return it;
  process.stderr.write(`SKIPPED: needs ${join(folder, publisher)} (or CONTRACTS_DIR)\n`);
  return it.skip;
};

export interface Exchange {
  method: string;
  path: string;
  status: number;
  /** Parsed JSON; undefined where there was none. */
  sent?: unknown;
  answered?: unknown;
}

/** Passes requests on to `target` and keeps what was said. */
export const startRecorder = async (target: string) => {
  const exchanges: Exchange[] = [];
  const parse = (text: string): unknown => (text.startsWith('{') ? JSON.parse(text) : undefined);
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers;
    const answer = await fetch(`${target}${request.url}`, {
      method: request.method,
      headers: headers as Record<string, string>,
      ...(body && { body }),
    });
    const text = await answer.text();
    exchanges.push({
      ...{ method: String(request.method).toLowerCase(), path: String(request.url).split('?')[0] ?? '' },
      ...{ status: answer.status, sent: parse(body), answered: parse(text) },
    });
    response.statusCode = answer.status;
    response.setHeader('content-type', answer.headers.get('content-type') ?? 'application/json');
    response.end(text);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
};

// biome-ignore lint/suspicious/noExplicitAny: any OpenAPI document
type Document = any;

/** Said of the thing itself, and nothing about its form. */
const NO_KEYWORDS = ['example', 'examples', 'description', 'title', 'discriminator'];

/**
 * The schema with every object closed: a field the publisher does not name is a mistake. What stands in `allOf` and the like is a part
 * of an object, and stays open.
 */
const closed = (schema: Document, isPart = false): Document => {
  if (schema === null || typeof schema !== 'object') return schema;
  const copy: Document = {};
  for (const [key, value] of Object.entries<Document>(schema)) {
    if (NO_KEYWORDS.includes(key)) continue;
    // Publishers list forms that overlap.
    if (key === 'oneOf' || key === 'anyOf') copy.anyOf = value.map((one: Document) => closed(one, true));
    else if (key === 'allOf') copy.allOf = value.map((one: Document) => closed(one, true));
    else if (key === 'properties') {
      copy[key] = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, closed(one)]));
    } else if (key === 'items' || key === 'additionalProperties') copy[key] = closed(value);
    // Without a type it means nothing in OpenAPI 3.0.
    else if (key !== 'nullable' || schema.type) copy[key] = value;
  }
  const isObject = copy.properties ?? copy.allOf ?? copy.$ref;
  if (isObject && !isPart && !copy.additionalProperties) copy.unevaluatedProperties = false;
  return copy;
};

/** Finds fault with exchanges by an OpenAPI 3.0 document. */
export const createJudge = (document: Document) => {
  const ajv = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false, allErrors: true });
  const schemas = Object.fromEntries(
    Object.entries<Document>(document.components.schemas).map(([name, schema]) => [
      name,
      closed(schema, true),
    ]),
  );
  ajv.addSchema({ $id: 'contract', components: { schemas } });
  const compiled = new Map<string, ValidateFunction>();
  const check = (schema: Document, value: unknown): string[] => {
    const text = JSON.stringify(closed(schema)).replaceAll('"#/', '"contract#/');
    const validate = compiled.get(text) ?? ajv.compile(JSON.parse(text));
    compiled.set(text, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  };
  const resolve = (node: Document): Document =>
    node?.$ref
      ? node.$ref
          .slice(2)
          .split('/')
          .reduce((at: Document, key: string) => at[key], document)
      : node;
  const operationOf = ({ method, path }: Exchange): Document => {
    const matches = Object.keys(document.paths).filter((template) =>
      new RegExp(`^${template.replace(/\{[^}]+\}/g, '[^/]+')}$`).test(path),
    );
    const exact = matches.find((template) => template === path) ?? matches[0];
    return exact ? document.paths[exact][method] : undefined;
  };
  return (exchange: Exchange): string[] => {
    const operation = operationOf(exchange);
    const name = `${exchange.method} ${exchange.path}`;
    if (!operation) return [`${name} is not in the contract`];
    const isKnown = operation.responses[exchange.status] || exchange.status >= 400;
    if (!isKnown) return [`${name} is answered ${exchange.status}, which is not in the contract`];
    const asked = resolve(operation.requestBody)?.content?.['application/json']?.schema;
    const answer = resolve(operation.responses[exchange.status] ?? operation.responses.default);
    const answered = answer?.content?.['application/json']?.schema;
    return [
      ...(exchange.sent !== undefined && asked
        ? check(asked, exchange.sent).map((fault) => `${name} sends: ${fault}`)
        : []),
      ...(exchange.answered !== undefined && answered && exchange.status < 400
        ? check(answered, exchange.answered).map((fault) => `${name} is answered: ${fault}`)
        : []),
    ];
  };
};
