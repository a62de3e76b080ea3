/** The files of the dashboard: beside the module, where the bundle of the API has them; none otherwise. */
import { join } from 'node:path';
import type { DashboardFiles } from '../apiserver/dashboard/dashboard.ts';
import { fileBeside } from './file-beside.ts';

export const dashboardDirectory = 'dashboard';

/** The names that it is asked for hold no slash. */
export const bundledDashboardFiles = (directory: string = join(import.meta.dirname, dashboardDirectory)): DashboardFiles => ({
  read: (name) => fileBeside(directory, `${name}.gz`),
});
