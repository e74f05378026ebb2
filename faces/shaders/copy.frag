// Copies a depth map of the same size.
uniform sampler2D depth_map;

void main() {
    gl_FragDepth = texelFetch(depth_map, ivec2(gl_FragCoord.xy), 0).r;
}
