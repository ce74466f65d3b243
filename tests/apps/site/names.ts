export const theme = "theme.3f9a2c1d.css";
