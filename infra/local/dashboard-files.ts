/** The files of the dashboard: made of their sources when a browser first asks, or those that the npm package brings. */
import { existsSync } from 'node:fs';
import type { DashboardFiles } from '../../functions/apiserver/dashboard/dashboard.ts';
import { bundledDashboardFiles } from '../../functions/lambda/bundled-dashboard-files.ts';
import { packagedDashboard } from '../bundle/packaged-dashboard.ts';

export function localDashboardFiles(): DashboardFiles {
  if (existsSync(packagedDashboard)) return bundledDashboardFiles(packagedDashboard);
  // The bundler is heavy, and most clusters are asked for no dashboard.
  return { read: async (name) => (await (await import('../bundle/dashboard.ts')).dashboardBundle()).files.get(name) };
}
