// Defaults below what was given. What was given may read its values anew each time (getters, for settings
// that change while the server runs), and stays that way, which `{ ...defaults, ...given }` would end.

export function withDefaults<Defaults extends object, Given extends object = Partial<Defaults>>(
  defaults: Defaults,
  given: Given | undefined,
): Defaults & Omit<Given, keyof Defaults> {
  const whole = { ...defaults };
  return Object.defineProperties(whole, Object.getOwnPropertyDescriptors(given ?? {})) as Defaults &
    Omit<Given, keyof Defaults>;
}
