/** Root: a session of the controllers for each ring. */
import { controllersHandler } from './cloud/controllers-handler.ts';

export const handler = controllersHandler('controllers');
