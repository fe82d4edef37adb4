import { join } from "node:path";
import type { Locator, Page } from "playwright-core";

/** Prints a line for each check, counts those that fail, and saves a picture of the page for each failure. */
export class Checks {
  private failures = 0;

  constructor(
    private readonly page: Page,
    private readonly out: string,
  ) {}

  get failed(): number {
    return this.failures;
  }

  /** @param look returns what it saw, for the printed line, and throws if the check fails */
  async check(name: string, look: () => Promise<string>): Promise<void> {
    const begin = performance.now();
    try {
      const seen = await look();
      console.log(`✓ ${name}: ${seen} (${((performance.now() - begin) / 1000).toFixed(1)} s)`);
    } catch (error) {
      this.failures++;
      console.log(`✗ ${name}: ${error instanceof Error ? error.message : String(error)}`);
      await this.picture(`failed-${this.failures}`, this.page).catch(() =>
        console.log("  (the page gives no picture)"),
      );
    }
  }

  /** Saves a picture of the page or of a part of it. */
  async picture(name: string, of: Page | Locator): Promise<void> {
    await of.screenshot({ path: join(this.out, `${name}.png`), animations: "disabled" });
  }
}

/** Throws if a check's condition does not hold. */
export function expect(holds: boolean, seen: string, wanted: string): void {
  if (!holds) throw new Error(`found ${seen}, expected ${wanted}`);
}
