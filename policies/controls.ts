// The control numbers of three frameworks that each item of the checklist answers, for an auditor who looks from there.

export interface Controls {
  /** PCI DSS 4.0.1, requirement numbers */
  'PCI DSS 4.0.1': string[];
  /** Regulation (EU) 2016/679, articles */
  GDPR: string[];
  /** AICPA Trust Services Criteria 2017 (points of focus 2022) */
  'SOC 2': string[];
}

const controls = (pci: string[], gdpr: string[], soc2: string[]): Controls => ({
  'PCI DSS 4.0.1': pci,
  GDPR: gdpr,
  'SOC 2': soc2,
});

/** By id of the item in checklist.ts. */
export const controlsOf: Record<string, Controls> = {
  'authentication/mfa': controls(['8.4.1', '8.4.2', '8.5.1'], ['32(1)(b)'], ['CC6.1']),
  'authentication/password-policy': controls(
    ['8.3.1', '8.3.2', '8.3.4', '8.3.6', '8.3.7'],
    ['32(1)(b)'],
    ['CC6.1'],
  ),
  'authentication/session-timeout': controls(['8.2.8'], ['32(1)(b)'], ['CC6.1']),
  'authentication/jwt': controls(['6.2.4', '8.3.2'], ['32(1)(b)'], ['CC6.1']),
  'authentication/oauth': controls(['6.2.4', '8.3.1'], ['32(1)(b)'], ['CC6.1']),
  'authorisation/rbac': controls(['7.2.1', '7.2.2', '7.2.5'], ['25(2)', '32(1)(b)'], ['CC6.1', 'CC6.3']),
  'authorisation/endpoints': controls(['6.2.4', '7.2.1', '7.3.1'], ['25(2)', '32(1)(b)'], ['CC6.1', 'CC6.3']),
  'authorisation/admin-access': controls(['7.2.2', '7.3.3', '8.2.2'], ['32(1)(b)'], ['CC6.2', 'CC6.3']),
  'authorisation/service-to-service': controls(['7.2.5', '8.6.1'], ['32(1)(b)'], ['CC6.1', 'CC6.6']),
  'data/at-rest': controls(['3.5.1', '3.6.1', '3.7.4'], ['32(1)(a)'], ['CC6.1', 'C1.1']),
  'data/in-transit': controls(['4.2.1', '4.2.1.1'], ['32(1)(a)'], ['CC6.7']),
  'data/pii-masking': controls(['3.4.1'], ['5(1)(c)', '25(1)', '32(1)(a)'], ['C1.1']),
  'data/database-encryption': controls(['2.2.7', '8.3.2'], ['32(1)(a)'], ['CC6.7']),
  'data/secrets-management': controls(['3.6.1', '8.6.2', '8.6.3'], ['32(1)(b)'], ['CC6.1']),
  'infrastructure/security-groups': controls(
    ['1.2.1', '1.3.1', '1.3.2', '1.4.1', '1.4.4'],
    ['32(1)(b)'],
    ['CC6.6'],
  ),
  'infrastructure/tls-termination': controls(['2.2.7', '4.2.1'], ['32(1)(a)'], ['CC6.7']),
  'infrastructure/waf': controls(['6.4.2'], ['32(1)(b)'], ['CC6.6']),
  'infrastructure/ddos-protection': controls(['6.4.2'], ['32(1)(b)'], ['CC6.6', 'A1.1']),
  'infrastructure/security-scans': controls(
    ['6.3.1', '6.3.2', '6.3.3', '11.3.1', '11.3.2'],
    ['32(1)(d)'],
    ['CC7.1'],
  ),
  'infrastructure/workload-hardening': controls(
    ['2.2.1', '2.2.4', '2.2.6'],
    ['32(1)(b)'],
    ['CC6.8', 'CC7.1'],
  ),
  'compliance/pci-dss': controls(['3.2.1', '3.3.1', '12.5.2'], [], ['CC2.1']),
  'compliance/gdpr': controls(['3.2.1'], ['15', '17', '20', '30', '33'], ['P4.3', 'P5.1']),
  'compliance/soc2': controls(['6.5.1', '10.2.1'], ['32(1)(b)', '32(1)(c)'], ['A1.2', 'CC7.2', 'CC8.1']),
  'compliance/penetration-tests': controls(['11.4.1', '11.4.2', '11.4.3', '11.4.4'], ['32(1)(d)'], ['CC4.1']),
  'compliance/incident-response': controls(['12.10.1', '12.10.2'], ['33', '34'], ['CC7.3', 'CC7.4', 'CC7.5']),
};

/** `PCI DSS 4.0.1 8.4.1, 8.4.2; SOC 2 CC6.1`: the frameworks that have a number for the item. */
export function controlNumbers(item: string): string {
  return Object.entries(controlsOf[item] ?? {})
    .filter(([, numbers]) => numbers.length > 0)
    .map(([framework, numbers]) => `${framework} ${numbers.join(', ')}`)
    .join('; ');
}
