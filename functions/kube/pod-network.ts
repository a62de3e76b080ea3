/**
 * How pods of a cluster are connected, as its maker writes it:
 *
 *   host-gateway   by our bridges, and routes through the nodes, which are neighbours of each other
 *   vxlan          by our bridges, and tunnels between nodes anywhere
 *   none           by another program, which brings its CNI configuration to each node
 *   {"cniVersion"… a CNI configuration, in which `{{.PodCIDR}}` stands for the node's range, as in containerd's templates
 */
export type PodNetworkChoice =
  | { readonly kind: (typeof podNetworkNames)[number] }
  | { readonly kind: 'conflist'; readonly template: string };

export const podNetworkNames = ['host-gateway', 'vxlan', 'none'] as const;
const placeholder = '{{.PodCIDR}}';
/** Stands for a range while a configuration is checked. */
const exampleRange = '192.0.2.0/24';
/** It travels to every node that joins. */
const conflistBytesMax = 16_384;

export class PodNetworkError extends Error {
  override name = 'PodNetworkError';
}

/** The choice that the text names; undefined means the first, since older clusters name none. Throws for another text. */
export function podNetworkOf(text: string | undefined): PodNetworkChoice {
  const name = text === undefined ? 'host-gateway' : podNetworkNames.find((one) => one === text);
  if (name !== undefined) return { kind: name };
  const why = conflistProblem(text ?? '');
  if (why !== undefined) throw new PodNetworkError(why);
  return { kind: 'conflist', template: text ?? '' };
}

export function podNetworkError(text: string): string | undefined {
  try {
    podNetworkOf(text);
    return undefined;
  } catch (error) {
    if (error instanceof PodNetworkError) return error.message;
    throw error;
  }
}

/** Undefined: the configuration asks for the node's range, and the node has none yet. */
export function conflistFor(template: string, podCIDR: string | undefined): string | undefined {
  if (!template.includes(placeholder)) return template;
  return podCIDR === undefined ? undefined : template.replaceAll(placeholder, podCIDR);
}

interface Conflist {
  readonly cniVersion?: unknown;
  readonly name?: unknown;
  readonly plugins?: unknown;
}

const isPlugin = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' && value.type !== '';

function conflistProblem(template: string): string | undefined {
  if (!template.trimStart().startsWith('{')) return `${template} is none of ${podNetworkNames.join(', ')}, and no CNI configuration`;
  if (template.length > conflistBytesMax) return `the CNI configuration is longer than ${conflistBytesMax} bytes`;
  const text = conflistFor(template, exampleRange) ?? '';
  if (text.includes('{{')) return `the CNI configuration has a placeholder that is not ${placeholder}`;
  const value = parsed(text);
  if (value === undefined) return 'the CNI configuration is not JSON';
  if (typeof value.cniVersion !== 'string' || typeof value.name !== 'string') return 'the CNI configuration lacks its cniVersion or name';
  const isList = Array.isArray(value.plugins) && value.plugins.length > 0 && value.plugins.every(isPlugin);
  return isList ? undefined : 'the CNI configuration lacks its list of plugins, each with a type';
}

function parsed(text: string): Conflist | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
