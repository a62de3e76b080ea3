/** `hibernetes version`. */
import { gitVersion } from '../../functions/kube/kubernetes-version.ts';
import { print, type OutputChoice } from './output.ts';
import { programVersion } from './own-program.ts';

export function version(options: OutputChoice): void {
  const versions = { hibernetes: programVersion(), kubernetes: gitVersion, node: process.versions.node };
  print(options, versions, ({ hibernetes, kubernetes, node }) => `hibernetes ${hibernetes}, Kubernetes ${kubernetes}, Node ${node}\n`);
}
