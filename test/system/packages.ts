/** Prints the Debian packages that the system test needs and does not find here, those of the lab left out. */
import { missingTools } from './userlands.ts';

for (const name of missingTools()) console.log(name);
