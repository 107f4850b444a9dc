// The door of the http room.

export { createHttpApp, type HttpApp, type HttpOptions } from './app.ts';
export { holdsCardNumber, inspectJson } from './card-numbers.ts';
export { purgeIdempotency } from './idempotency.ts';
export { forgetAnswers } from './store-idempotency.ts';
export { jsonAnswer, type Page, type PageAnswer } from './pages.ts';
export { secretNames } from './secret-marks.ts';
export { createDrainSwitch, type DrainSwitch, type HttpServer, listenHttp } from './server.ts';
export type { Build, HttpSettings } from './settings.ts';
export type { AccessQuestions, Locator } from './step.ts';
export { API_VERSIONS, newestVersion } from './versions.ts';
