/**
 * Serves the files of the dashboard below `/ui/` to every caller: they hold no secret. The page is a client of the API
 * like any other: it shows its user's token in a header. There is no cookie, so requests that another site makes have no
 * credentials.
 */
import type { Extension } from '../ports.ts';

/** Where the files of the dashboard are. */
export interface DashboardFiles {
  /** Compressed by gzip. Undefined: there is no such file. */
  read(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

export const createDashboard = (files: DashboardFiles): Extension => ({
  prefix: '/ui',
  isPublic: true,
  // The code is read when a browser first asks.
  fetch: async (call) => (await import('./dashboard-response.ts')).serveDashboard(files, call),
});
