export const words = "The first words";
