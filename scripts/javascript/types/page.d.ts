// What the scripts find in a page, and what the theme puts beside them.

// Which element is found, the page says and not the checker.
interface ParentNode {
  querySelector(selectors: string): any;
  querySelectorAll(selectors: string): NodeListOf<any>;
}

interface Document {
  getElementById(id: string): any;
}

// Events come from elements, and so do the nodes that are observed.
interface Element {
  closest(selectors: string): any;
}

interface EventTarget {
  closest(selectors: string): any;
}

// The theme's own memory, by which light and dark are chosen.
declare function __md_get(key: string): any;
declare function __md_set(key: string, value: any): void;
