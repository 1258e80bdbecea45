import { type AutoscalerArgs, autoscalerSpec } from './autoscaler';

const args: AutoscalerArgs = {
  namespace: 'ns',
  app: 'product-service',
  deploymentName: 'product-service-blue',
  min: 3,
  max: 20,
  cpu: 70,
  memory: 80,
};

test('aims at the average use of CPU and memory between two sizes', () => {
  expect(autoscalerSpec(args)).toEqual({
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'product-service-blue' },
    minReplicas: 3,
    maxReplicas: 20,
    metrics: [
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } },
      },
      {
        type: 'Resource',
        resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 80 } },
      },
    ],
  });
});

test('refuses a minimum above the maximum, with both', () => {
  expect(() => autoscalerSpec({ ...args, min: 21 })).toThrow(/scale\.min is 21; .* 1 to 20/);
});
