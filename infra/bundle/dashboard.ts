/** Makes the files of the dashboard that a browser loads: a page, a module and a style sheet at first, the rest when it is wanted. */
import { build, type Metafile } from 'esbuild';
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { constants, gzipSync } from 'node:zlib';
import { packagedDashboard } from './packaged-dashboard.ts';

const source = join(import.meta.dirname, '../../functions/dashboard');

export interface DashboardBundle {
  /** Compressed by gzip, by name. */
  readonly files: ReadonlyMap<string, Buffer<ArrayBuffer>>;
  /** What a browser loads before the first screen. */
  readonly first: readonly string[];
  /** The npm packages whose code is in the files. */
  readonly packages: readonly string[];
}

const pageOf = (script: string, style: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Hibernetes</title>
<link rel="icon" href="icon.svg">
<link rel="stylesheet" href="${style}">
<script type="module" src="${script}"></script>
</head>
<body><div id="app"></div><noscript>The dashboard needs JavaScript.</noscript></body>
</html>
`;

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#3b6fd4" d="M10.5 1a7 7 0 1 0 4.3 10.6A6 6 0 0 1 10.5 1z"/></svg>`;

/** The modules that the entry imports without waiting until they are wanted. */
function staticImports({ outputs }: Metafile, entry: string): string[] {
  const waiting = [entry];
  const seen = new Set<string>();
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    for (const { path: next, kind } of outputs[path]?.imports ?? []) if (kind === 'import-statement' && next in outputs) waiting.push(next);
  }
  return [...seen].map((path) => basename(path));
}

const packagesIn = ({ inputs }: Metafile): string[] => {
  const names = Object.keys(inputs).flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
  return [...new Set(names)].toSorted();
};

export async function bundleDashboard(): Promise<DashboardBundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: source,
    entryPoints: [{ in: 'main.tsx', out: 'dashboard' }],
    outdir: 'out',
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: ['chrome120', 'firefox120', 'safari17'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'error',
  });
  const [entry = '', { cssBundle = '' } = {}] =
    Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === 'main.tsx') ?? [];
  const page = Buffer.from(pageOf(basename(entry), basename(cssBundle)));
  const made = [
    ['index.html', page] as const,
    ['icon.svg', Buffer.from(icon)] as const,
    ...outputFiles.map(({ path, contents }) => [basename(path), Buffer.from(contents)] as const),
  ];
  const files = new Map(made.map(([name, bytes]) => [name, gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION })] as const));
  const first = ['index.html', 'icon.svg', basename(cssBundle), ...staticImports(metafile, entry)];
  return { files, first, packages: packagesIn(metafile) };
}

/** Several functions of one deployment have them. */
let made: Promise<DashboardBundle> | undefined;

export const dashboardBundle = (): Promise<DashboardBundle> => (made ??= bundleDashboard());

export async function writeDashboard(directory: string): Promise<void> {
  if (existsSync(packagedDashboard)) return cpSync(packagedDashboard, directory, { recursive: true });
  const { files } = await dashboardBundle();
  mkdirSync(directory, { recursive: true });
  for (const [name, bytes] of files) writeFileSync(join(directory, `${name}.gz`), bytes);
}
