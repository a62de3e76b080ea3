/** The files of the dashboard: made of their sources when a browser first asks, or those that the npm package brings. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DashboardFiles } from '../../functions/apiserver/dashboard/dashboard.ts';
import { bundledDashboardFiles } from '../../functions/lambda/bundled-dashboard-files.ts';

/** The npm package has them in place of the sources. */
const packaged = join(import.meta.dirname, '../../functions/dashboard/files');

export function localDashboardFiles(): DashboardFiles {
  if (existsSync(packaged)) return bundledDashboardFiles(packaged);
  // The bundler is heavy, and most clusters are asked for no dashboard.
  return { read: async (name) => (await (await import('../bundle/dashboard.ts')).dashboardBundle()).files.get(name) };
}
