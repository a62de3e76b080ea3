/** Where the npm package has the files of the dashboard, in place of the sources. A clone has no such directory. */
import { join } from 'node:path';

export const packagedDashboard = join(import.meta.dirname, '../../functions/dashboard/files');
