/** Helm 4, which installs the charts of the others. */
import type { GoModule } from './program.ts';

export const helmModule: GoModule = { kind: 'go', path: 'helm.sh/helm/v4', packages: { helm: './cmd/helm' } };
export const helmVersion = 'v4.3.1';
