import { fileURLToPath } from 'node:url';
import { packageService } from '../../emulator/packaging/package-service.ts';
import { type PackagedService, readPackagedService } from '../../emulator/template/packaged-service.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface PackagedStack extends PackagedService {
  /** Of the template and the zips. */
  readonly folder: string;
}

/**
 * The repository's own stack, as it deploys.
 * @param codeFolder where the functions are unpacked; beside the package unless given
 * @throws what the framework printed, where it does not compile
 */
export async function packagedStack(codeFolder?: string): Promise<PackagedStack> {
  const packaged = await packageService({
    service: ROOT,
    stage: 'dev',
    cache: `${ROOT}.postern`,
    environment: process.env,
  });
  if (packaged.kind === 'failed') throw new Error(`the stack does not compile:\n${packaged.output}`);
  const { folder } = packaged;
  return { ...readPackagedService(folder, codeFolder ?? `${folder}/code`), folder };
}
