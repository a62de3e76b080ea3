/** Files of one volume that hide each other. Source: pkg/api/pod/warnings.go, warningsForOverlappingVirtualPaths. */
import { withoutTrailing } from '../../../kube/trailing.ts';
import type { Volume, VolumeProjection } from '../../../kube/generated/types.ts';
import { goQuote } from '../../../kube/go-quote.ts';

interface PlacedFile {
  readonly path: string;
  readonly source: string;
}

export const pathWarnings = (volumes: readonly Volume[]): string[] => volumes.flatMap(volumeWarnings);

function volumeWarnings({ name, configMap, secret, downwardAPI, projected }: Volume): string[] {
  const files = (items: readonly { readonly path: string }[] | undefined): PlacedFile[] =>
    (items ?? []).map(({ path }) => ({ path, source: '' }));
  const warn = (what: string, texts: readonly string[]): string[] =>
    texts.map((text) => `volume ${goQuote(name)} (${what}): overlapping paths: ${text}`);
  return [
    ...warn(`ConfigMap ${goQuote(configMap?.name ?? '')}`, overlapsOf(files(configMap?.items))),
    ...warn(`Secret ${goQuote(secret?.secretName ?? '')}`, overlapsOf(files(secret?.items))),
    ...warn('DownwardAPI', overlapsOf(files(downwardAPI?.items))),
    ...(projected?.sources ?? []).flatMap((source) =>
      Object.keys(source ?? {}).length === 0 ? [`volume ${goQuote(name)} (Projected) has no sources provided`] : [],
    ),
    ...warn('Projected', overlapsOf((projected?.sources ?? []).flatMap(projectedFiles))),
  ];
}

function projectedFiles({ configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle }: VolumeProjection): PlacedFile[] {
  const files = (items: readonly { readonly path: string }[], source: string): PlacedFile[] => items.map(({ path }) => ({ path, source }));
  if (configMap?.items !== undefined) return files(configMap.items, `ConfigMap ${goQuote(configMap.name ?? '')}`);
  if (secret?.items !== undefined) return files(secret.items, `Secret ${goQuote(secret.name ?? '')}`);
  if (downwardAPI?.items !== undefined) return files(downwardAPI.items, 'DownwardAPI');
  if (serviceAccountToken !== undefined) return files([serviceAccountToken], 'ServiceAccountToken');
  if (clusterTrustBundle === undefined) return [];
  return files([clusterTrustBundle], `ClusterTrustBundle ${goQuote(clusterTrustBundle.name ?? clusterTrustBundle.signerName ?? '')}`);
}

/** Each is compared with all before it; a volume of more files gets no warning about the rest. */
const filesMax = 500;

function overlapsOf(all: readonly PlacedFile[]): string[] {
  const files = all.slice(0, filesMax);
  const trimmed = files.map(({ path, source }) => ({ path: withoutTrailing(path, '/'), source }));
  return trimmed.flatMap((file, index) =>
    trimmed
      .slice(0, index)
      .filter((other) => isOver(file.path, other.path))
      .map((other) => `${textOf(file)} with ${textOf(other)}`),
  );
}

const isOver = (a: string, b: string): boolean => a !== '' && b !== '' && (`${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`));

const textOf = ({ path, source }: PlacedFile): string => (source === '' ? goQuote(path) : `${goQuote(path)} (${source})`);
