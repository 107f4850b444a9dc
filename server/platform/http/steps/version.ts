// Which dated API version this request speaks: the header's, else the one pinned on the key.

import { entryOf, type HttpKit, type Step } from '../step.ts';
import { checkVersion, newestVersion } from '../versions.ts';

export function version({ settings: { versions } }: HttpKit): Step {
  return {
    name: 'version',
    run: async (context, next) => {
      const header = context.get('sallyport-version');
      const pinned =
        entryOf(context).route.action === 'public' ? '' : context.state.caller?.apiVersion;
      const wanted = header || pinned || newestVersion(versions);
      context.state.version = checkVersion(versions, wanted);
      context.set('Sallyport-Version', context.state.version);
      await next();
    },
  };
}
