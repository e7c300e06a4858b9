/** Who answers for the package. */
export const MAINTAINER = 'celeroot maintainers <maintainers@celeroot.example>';
