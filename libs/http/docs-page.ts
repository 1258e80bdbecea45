import type { openApiDocument } from './openapi';

type Document = ReturnType<typeof openApiDocument>;

const escapeHtml = (text: unknown): string =>
  String(text ?? '').replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

/**
 * A page that reads without network: no script, no font, no request but its own. (The common viewers load their
 * program from a public host.)
 */
export function docsPage(document: Document, jsonPath: string): string {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item as Record<string, Operation>).map(([method, operation]) =>
      section(method, path, operation),
    ),
  );
  const schemas = Object.entries(document.components?.schemas ?? {}).map(
    ([name, schema]) =>
      `<details id="${escapeHtml(name)}"><summary>${escapeHtml(name)}</summary>${code(schema)}</details>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(document.info.title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2733;background:#fff}
h2{font-size:1rem;font-family:ui-monospace,monospace;margin:0}section{border:1px solid #d8dee6;border-radius:8px;padding:1rem;margin:1rem 0}
b{display:inline-block;min-width:4.5rem;color:#0b5cad}pre{background:#f4f6f9;padding:.75rem;border-radius:6px;overflow:auto}
table{border-collapse:collapse}td{padding:.15rem 1rem .15rem 0;vertical-align:top}summary{cursor:pointer}
@media(prefers-color-scheme:dark){body{background:#12181f;color:#dce3ea}pre{background:#1b232d}section{border-color:#33404e}b{color:#6db3f2}a{color:#6db3f2}}
</style></head><body><h1>${escapeHtml(document.info.title)} <small>${escapeHtml(document.info.version)}</small></h1>
<p>Machine-readable: <a href="${escapeHtml(jsonPath)}">${escapeHtml(jsonPath)}</a>. Errors are application/problem+json.</p>
${operations.join('\n')}
${schemas.length > 0 ? `<h1>Schemas</h1>${schemas.join('\n')}` : ''}</body></html>`;
}

interface Operation {
  summary?: string;
  description?: string;
  security?: unknown;
  parameters?: { name: string; in: string; required?: boolean; schema?: unknown }[];
  requestBody?: { content?: Record<string, { schema?: unknown }> };
  responses?: Record<string, { description?: string; content?: Record<string, { schema?: unknown }> }>;
}

function section(method: string, path: string, operation: Operation): string {
  const parameters = (operation.parameters ?? []).map(
    ({ name, in: place, required, schema }) =>
      `<tr><td><code>${escapeHtml(name)}</code></td><td>${escapeHtml(place)}${required ? ', required' : ''}</td><td><code>${escapeHtml(JSON.stringify(schema))}</code></td></tr>`,
  );
  const body = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  const responses = Object.entries(operation.responses ?? {}).map(([status, { description, content }]) => {
    const schema = Object.values(content ?? {})[0]?.schema;
    return `<tr><td><code>${escapeHtml(status)}</code></td><td>${escapeHtml(description)}${schema ? code(schema) : ''}</td></tr>`;
  });
  return `<section><h2><b>${escapeHtml(method.toUpperCase())}</b>${escapeHtml(path)}</h2>
<p>${escapeHtml(operation.summary)}${operation.security ? ' <em>(access token needed)</em>' : ''}</p>
${operation.description ? `<p>${escapeHtml(operation.description)}</p>` : ''}
${parameters.length > 0 ? `<table>${parameters.join('')}</table>` : ''}
${body ? `<details open><summary>Body</summary>${code(body)}</details>` : ''}
<details><summary>Answers</summary><table>${responses.join('')}</table></details></section>`;
}

function code(schema: unknown): string {
  return `<pre>${escapeHtml(JSON.stringify(schema, null, 2))}</pre>`;
}
