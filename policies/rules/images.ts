// Which image runs must be said exactly: a scan, a rollback and a second node must all see the same one.
import { listSetting, type ResourceRule } from '../rule';
import { containerName, eachContainer, ownsPods } from '../workloads';

export interface ImageReference {
  /** everything before tag and digest, with registry host and port */
  repository: string;
  tag?: string;
  digest?: string;
}

const tagSyntax = /^\w[\w.-]{0,127}$/;
const digestSyntax = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}$/;
const repositorySyntax =
  /^(?:[A-Za-z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*$/;

/** Splits `host:5000/path/name:tag@algorithm:hex`; undefined when it is no image reference. */
export function parseImage(reference: string): ImageReference | undefined {
  const [beforeDigest = '', digest, ...rest] = reference.split('@');
  if (rest.length > 0 || (digest !== undefined && !digestSyntax.test(digest))) return undefined;
  // A colon before the last slash belongs to the port of the registry.
  const colon = beforeDigest.indexOf(':', beforeDigest.lastIndexOf('/') + 1);
  const repository = colon < 0 ? beforeDigest : beforeDigest.slice(0, colon);
  const tag = colon < 0 ? undefined : beforeDigest.slice(colon + 1);
  if (!repositorySyntax.test(repository) || (tag !== undefined && !tagSyntax.test(tag))) return undefined;
  return { repository, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}

// Three numbers, a date, a commit or a content hash name one build; `1`, `1.2`, `main` or `stable` name whatever is newest.
const exactTags = [
  /^v?\d+\.\d+\.\d+/,
  /^\d{8}([.-]\w+)*$/,
  /^\d{4}-\d{2}-\d{2}/,
  /(^|[-_.])[0-9a-f]{12,64}$/,
  /^(sha|git)-[0-9a-f]{7,}$/,
];

export function isExactTag(tag: string, repository: string, twoPartVersions: string[]): boolean {
  if (exactTags.some((pattern) => pattern.test(tag))) return true;
  const name = repository.slice(repository.lastIndexOf('/') + 1);
  return twoPartVersions.includes(name) && /^v?\d+\.\d+(?![.\d])/.test(tag);
}

const imagePinned: ResourceRule = {
  scope: 'resource',
  name: 'image-pinned',
  item: 'infrastructure/security-scans',
  severity: 'high',
  level: 'mandatory',
  description: 'Images are named by digest or by an exact tag, so that what was scanned is what runs.',
  fix: 'name the image by digest (@sha256:…) or by a tag that never moves: a full version such as 1.4.2, a date, or a commit or content hash',
  settings: {
    twoPartVersions: {
      type: 'array',
      items: { type: 'string' },
      description: 'images whose full versions have two numbers (default: postgres, postgresql)',
    },
  },
  matches: ownsPods,
  validate(resource, report, settings) {
    const twoPart = listSetting(settings, 'twoPartVersions', ['postgres', 'postgresql']);
    eachContainer(resource, report, (container) => {
      const at = container.at('image');
      const image = parseImage(at.text ?? '');
      const whose = `of container ${containerName(container)}`;
      if (!at.text) report.violation(at, `the image ${whose} is missing`);
      else if (!image) report.violation(at, `the image ${whose}, '${at.text}', is no image reference`);
      else if (image.digest) return;
      else if (!image.tag)
        report.violation(at, `the image ${whose}, '${at.text}', has no tag and means latest`);
      else if (!isExactTag(image.tag, image.repository, twoPart)) {
        report.violation(at, `the image ${whose}, '${at.text}', has a tag that can move`);
      }
    });
  },
};

const imageRegistry: ResourceRule = {
  scope: 'resource',
  name: 'image-registry',
  item: 'infrastructure/security-scans',
  severity: 'high',
  level: 'mandatory',
  description:
    'Images come from registries on the list, where they are scanned and signed. Without a list any will do.',
  fix: "push the image to one of the registries of the settings, or add its registry to 'registries' there",
  settings: {
    registries: {
      type: 'array',
      items: { type: 'string' },
      description: 'host, or host and path, that an image must come from (default: any)',
    },
  },
  matches: ownsPods,
  validate(resource, report, settings) {
    const registries = listSetting(settings, 'registries', []);
    if (registries.length === 0) return;
    eachContainer(resource, report, (container) => {
      const at = container.at('image');
      const repository = parseImage(at.text ?? '')?.repository ?? '';
      if (!registries.some((one) => repository.startsWith(`${one}/`)))
        report.violation(
          at,
          `the image of container ${containerName(container)}, '${at.text}', comes from elsewhere`,
        );
    });
  },
};

export const imageRules = [imagePinned, imageRegistry];
