import { buildImages } from '../images';
import type { Progress } from '../progress';
import { ensureTools, isBuilt, type ToolName, toolGroups } from '../toolchain';

export interface ImageArchive {
  name: string;
  reference: string;
  /** Path of a docker-archive file. */
  archive: string;
}

/** Where a cluster gets its programs and images from. */
export interface ClusterParts {
  /** Absolute path of each tool. */
  tools: (names: string[], progress: Progress) => Promise<Record<string, string>>;
  /** Built images, in the order of `names`. */
  images: (names: string[], progress: Progress) => Promise<ImageArchive[]>;
  /** Whether a tool that the start does not wait for has been built. */
  hasBuilt: (tool: string) => boolean;
  /** Tools that are folders of resource definitions. */
  operatorDefinitions: string[];
}

/** Everything built by this repository and cached. */
export const builtParts: ClusterParts = {
  tools: (names, progress) => ensureTools(names as ToolName[], progress),
  images: async (names, progress) => {
    const images = await buildImages({ names, progress });
    return names.map((name) => images.find((image) => image.name === name)!);
  },
  hasBuilt: (tool) => isBuilt(tool as ToolName),
  operatorDefinitions: toolGroups.operatorDefinitions,
};
