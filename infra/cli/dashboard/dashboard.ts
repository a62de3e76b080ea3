/** `hibernetes dashboard`: opens a browser signed in as the kubeconfig's user, and stays until it is ended. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment, realWorld } from '../../../functions/world.ts';
import { dataDirectory } from '../../local/data-directory.ts';
import { localDashboardFiles } from '../../local/dashboard-files.ts';
import { accessOfKubeconfig } from '../../../functions/client/kubeconfig-access.ts';
import { type ClusterChoice, clusterAccess } from '../api-client.ts';
import { freshToken } from '../gate/fresh-token.ts';
import { clusterCredential } from '../gate/gate-serve.ts';
import { print, type OutputChoice } from '../output.ts';
import { startDashboardGate } from './dashboard-gate.ts';

export interface DashboardChoice extends ClusterChoice, OutputChoice {
  readonly port?: number;
  readonly browser: boolean;
}

/** Undefined: there is no screen. */
function opener(): string | undefined {
  if (process.platform === 'darwin') return 'open';
  return environment('DISPLAY') === undefined && environment('WAYLAND_DISPLAY') === undefined ? undefined : 'xdg-open';
}

function openBrowser(url: string): void {
  const program = opener();
  if (program === undefined) return;
  // The address is printed, too: without such a program the user opens it.
  spawn(program, [url], { stdio: 'ignore', detached: true })
    .on('error', () => undefined)
    .unref();
}

export async function dashboard(choice: DashboardChoice): Promise<void> {
  const world = realWorld('warn');
  // Refuses an incomplete kubeconfig before anything is opened.
  clusterAccess(choice);
  const kubeconfig = choice.kubeconfig ?? dataDirectory(choice.dataDir).kubeconfig;
  const { server, caPem, certificatePem, keyPem } = accessOfKubeconfig(kubeconfig);
  const directory = mkdtempSync(join(tmpdir(), 'hibernetes-dashboard-'));
  try {
    const caFile = caPem === undefined ? undefined : join(directory, 'ca.crt');
    if (caFile !== undefined) writeFileSync(caFile, caPem ?? '');
    const hasCertificate = certificatePem !== undefined && keyPem !== undefined;
    const { url, forwarder } = await startDashboardGate({
      port: choice.port ?? 0,
      server,
      caFile,
      clientCertificate: hasCertificate ? { certificatePem, keyPem } : undefined,
      credential: hasCertificate ? undefined : freshToken(() => clusterCredential(kubeconfig), world.clock),
      files: localDashboardFiles(),
      world,
    });
    print(choice, { url }, () => `${url}\n\nThe address signs in once. Ctrl-C ends the gate and everyone that it let in.\n`);
    if (choice.browser) openBrowser(url);
    await new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
    });
    await forwarder.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
