/** Root: a session of the controllers for each ring. */
import { controllersHandler } from './cloud/function.ts';

export const handler = controllersHandler('controllers');
