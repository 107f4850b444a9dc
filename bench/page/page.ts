export function benchPage(): string {
  return '';
}
