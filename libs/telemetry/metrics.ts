import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Attributes, Counter, Histogram, Meter, ObservableGauge } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

/** Seconds; fine around the 100 ms and 500 ms the release gates and SLOs look at. */
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 1, 2.5, 5, 10];
/** Minor units (cents). */
const VALUE_BUCKETS = [500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000];

/** The instruments of R10. A service feeds those it owns; the others stay absent from its /metrics. */
export interface Instruments {
  /** Seconds; attributes method, route, status. */
  apiRequestDuration: Histogram;
  apiRequests: Counter;
  /** Answers with status 500 and above. */
  apiErrors: Counter;
  /** Seconds; attribute operation (the first word of the statement). */
  dbQueryDuration: Histogram;
  dbConnectionsActive: ObservableGauge;
  cacheHits: Counter;
  cacheMisses: Counter;
  /** Attribute status. */
  orders: Counter;
  /** Minor units; attribute currency. */
  orderValue: Histogram;
  /** Minor units; attribute currency. revenue_per_hour is `increase(revenue_total[1h])`. */
  revenue: Counter;
  customersRegistered: Counter;
  /** Attributes topic, type, outcome (handled, duplicate, skipped, dead_lettered). */
  messagesConsumed: Counter;
  messagesPublished: Counter;
}

export interface TelemetryOptions {
  service: string;
  version: string;
  environment: string;
}

interface Telemetry {
  exporter: PrometheusExporter;
  meter: Meter;
  instruments: Instruments;
}

let options: TelemetryOptions = { service: 'unnamed', version: 'v0', environment: 'local' };
let current: Telemetry | undefined;

/** Names the process in its metrics. Call once, before the first instrument is used. */
export function configureTelemetry(next: TelemetryOptions): void {
  if (!current) options = next;
}

/** Instruments are made at first use, so that importing this file starts nothing. */
export function instruments(): Instruments {
  return telemetry().instruments;
}

/** For instruments of a service's own. */
export function meter(): Meter {
  return telemetry().meter;
}

/** Answers GET /metrics in Prometheus' text format, on the port of the app. */
export function serveMetrics(request: IncomingMessage, response: ServerResponse): void {
  telemetry().exporter.getMetricsRequestHandler(request, response);
}

function telemetry(): Telemetry {
  if (current) return current;
  const exporter = new PrometheusExporter({ preventServerStart: true, withoutScopeInfo: true });
  const provider = new MeterProvider({
    resource: resourceFromAttributes({
      'service.name': options.service,
      'service.version': options.version,
      'deployment.environment.name': options.environment,
    }),
    readers: [exporter],
  });
  const meter = provider.getMeter('ecommerce-platform');
  const counter = (name: string, description: string) => meter.createCounter(name, { description });
  const histogram = (name: string, description: string, explicitBucketBoundaries: number[]) =>
    meter.createHistogram(name, { description, advice: { explicitBucketBoundaries } });
  current = {
    exporter,
    meter,
    instruments: {
      apiRequestDuration: histogram(
        'api_request_duration',
        'Seconds until the answer was sent',
        DURATION_BUCKETS,
      ),
      apiRequests: counter('api_requests_total', 'Requests answered'),
      apiErrors: counter('api_errors_total', 'Requests answered with 5xx'),
      dbQueryDuration: histogram('db_query_duration', 'Seconds a database statement took', DURATION_BUCKETS),
      dbConnectionsActive: meter.createObservableGauge('db_connections_active', {
        description: 'Database connections in use',
      }),
      cacheHits: counter('cache_hits_total', 'Reads answered by a cache'),
      cacheMisses: counter('cache_misses_total', 'Reads a cache could not answer'),
      orders: counter('orders_total', 'Orders by status reached'),
      orderValue: histogram('order_value', 'Value of placed orders in minor units', VALUE_BUCKETS),
      revenue: counter('revenue_total', 'Revenue of confirmed orders in minor units'),
      customersRegistered: counter('customers_registered', 'Customers who registered'),
      messagesConsumed: counter('messages_consumed_total', 'Messages taken from the broker, by outcome'),
      messagesPublished: counter('messages_published_total', 'Messages the relay has published'),
    },
  };
  return current;
}

const routeAttributes = new Map<string, Attributes>();

/** One object per method, route and status: the hot path allocates none. */
export function requestAttributes(method: string, route: string, status: number): Attributes {
  const key = `${method} ${route} ${status}`;
  let attributes = routeAttributes.get(key);
  if (!attributes) {
    attributes = { method, route, status: String(status) };
    routeAttributes.set(key, attributes);
  }
  return attributes;
}
