import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import type { Route } from './route';

const problem = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    retriable: z.boolean(),
    errors: z.array(z.object({ in: z.string(), pointer: z.string(), detail: z.string() })).optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' });

/** The OpenAPI 3.1 document of the very schemas that validate the requests. */
export function openApiDocument(info: { title: string; version: string }, routes: Route[]) {
  const registry = new OpenAPIRegistry();
  const bearer = registry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
  });
  for (const route of routes) {
    const own = Object.entries(route.responses).map(([status, { description, schema, mediaTypes }]) => [
      status,
      {
        description,
        ...(Number(status) >= 400
          ? { content: { 'application/problem+json': { schema: problem } } }
          : schema && { content: { 'application/json': { schema } } }),
        ...(mediaTypes && {
          content: Object.fromEntries(
            mediaTypes.map((type) => [type, { schema: { type: 'string', format: 'binary' } }]),
          ),
        }),
      },
    ]);
    registry.registerPath({
      method: route.method,
      path: route.path.replace(/:(\w+)/g, '{$1}'),
      summary: route.summary,
      description: route.description,
      ...(route.scope && { security: [{ [bearer.name]: [route.scope] }] }),
      request: {
        ...(route.params && { params: route.params }),
        ...(route.query && { query: route.query }),
        ...(route.headers && { headers: route.headers }),
        ...(route.body && {
          body: {
            required: true,
            content: {
              [route.form ? 'application/x-www-form-urlencoded' : 'application/json']: { schema: route.body },
            },
          },
        }),
      } as RouteConfig['request'],
      responses: Object.fromEntries(own),
    });
  }
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({ openapi: '3.1.0', info });
}
