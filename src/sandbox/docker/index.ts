export { dockerSandboxes, type DockerSandboxesOptions } from "./docker.ts";
export { DockerConfig } from "./options.ts";
